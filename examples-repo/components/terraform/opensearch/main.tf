locals {
  zones = min(length(var.subnet_ids), var.instance_count, 3)
}

resource "aws_cloudwatch_log_group" "audit" {
  name              = "/opensearch/${local.name}/audit"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = local.tags
}

data "aws_iam_policy_document" "log" {
  statement {
    actions   = ["logs:PutLogEvents", "logs:CreateLogStream"]
    resources = ["${aws_cloudwatch_log_group.audit.arn}:*"]
    principals {
      type        = "Service"
      identifiers = ["es.amazonaws.com"]
    }
  }
}

resource "aws_cloudwatch_log_resource_policy" "audit" {
  policy_name     = "${local.name}-opensearch"
  policy_document = data.aws_iam_policy_document.log.json
}

resource "aws_opensearch_domain" "this" {
  domain_name    = local.name
  engine_version = var.engine_version
  tags           = local.tags

  cluster_config {
    instance_type            = var.instance_type
    instance_count           = var.instance_count
    dedicated_master_enabled = var.leader_count > 0
    dedicated_master_type    = var.leader_count > 0 ? "m7g.medium.search" : null
    dedicated_master_count   = var.leader_count > 0 ? var.leader_count : null
    zone_awareness_enabled   = local.zones > 1

    dynamic "zone_awareness_config" {
      for_each = local.zones > 1 ? [local.zones] : []
      content {
        availability_zone_count = zone_awareness_config.value
      }
    }
  }

  ebs_options {
    ebs_enabled = true
    volume_type = "gp3"
    volume_size = var.storage_gib
  }

  vpc_options {
    subnet_ids         = slice(var.subnet_ids, 0, local.zones)
    security_group_ids = var.security_group_ids
  }

  encrypt_at_rest {
    enabled    = true
    kms_key_id = var.kms_key_arn
  }

  node_to_node_encryption {
    enabled = true
  }

  domain_endpoint_options {
    enforce_https       = true
    tls_security_policy = "Policy-Min-TLS-1-2-PFS-2023-10"
  }

  log_publishing_options {
    log_type                 = "AUDIT_LOGS"
    cloudwatch_log_group_arn = aws_cloudwatch_log_group.audit.arn
  }

  depends_on = [aws_cloudwatch_log_resource_policy.audit]
}
