locals {
  primary = var.replicate_source_arn == null
}

resource "aws_db_subnet_group" "this" {
  name       = local.name
  subnet_ids = var.subnet_ids
  tags       = local.tags
}

resource "aws_db_parameter_group" "this" {
  name_prefix = "${local.name}-"
  family      = var.parameter_group_family
  tags        = local.tags

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_instance" "this" {
  identifier     = local.name
  engine         = "postgres"
  engine_version = var.engine_version
  instance_class = var.instance_class
  multi_az       = var.multi_az

  # A replica takes these from its source. The password is made and kept by the service.
  replicate_source_db           = var.replicate_source_arn
  db_name                       = local.primary ? var.database_name : null
  username                      = local.primary ? "postgres" : null
  manage_master_user_password   = local.primary ? true : null
  master_user_secret_kms_key_id = local.primary ? var.kms_key_arn : null

  allocated_storage     = var.allocated_storage_gib
  max_allocated_storage = 4 * var.allocated_storage_gib
  storage_encrypted     = true
  kms_key_id            = var.kms_key_arn

  db_subnet_group_name   = aws_db_subnet_group.this.name
  parameter_group_name   = aws_db_parameter_group.this.name
  vpc_security_group_ids = var.security_group_ids

  backup_retention_period   = var.backup_retention_days
  copy_tags_to_snapshot     = true
  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = !var.deletion_protection
  final_snapshot_identifier = var.deletion_protection ? "${local.name}-final" : null

  tags = local.tags
}
