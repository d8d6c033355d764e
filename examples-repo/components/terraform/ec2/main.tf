data "aws_ssm_parameter" "image" {
  name = var.image_parameter
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "this" {
  name               = "${local.name}-ec2"
  assume_role_policy = data.aws_iam_policy_document.assume.json
  tags               = local.tags
}

resource "aws_iam_role_policy_attachment" "session" {
  role       = aws_iam_role.this.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_instance_profile" "this" {
  name = aws_iam_role.this.name
  role = aws_iam_role.this.name
}

# Nobody connects to it; it calls the session service.
resource "aws_security_group" "this" {
  name_prefix = "${local.name}-ec2-"
  description = "Nothing comes in"
  vpc_id      = var.vpc_id
  tags        = merge(local.tags, { Name = "${local.name}-ec2" })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.this.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_instance" "this" {
  ami                    = nonsensitive(data.aws_ssm_parameter.image.value)
  instance_type          = var.instance_type
  subnet_id              = var.subnet_id
  vpc_security_group_ids = [aws_security_group.this.id]
  iam_instance_profile   = aws_iam_instance_profile.this.name
  tags                   = merge(local.tags, { Name = local.name }, var.schedule == null ? {} : { schedule = var.schedule })

  metadata_options {
    http_tokens = "required"
  }

  root_block_device {
    volume_size = var.disk_size_gib
    volume_type = "gp3"
    encrypted   = true
    kms_key_id  = var.kms_key_arn
  }

  lifecycle {
    # A newer image is taken by replacing the instance, when its owner wants to.
    ignore_changes = [ami]
  }
}
