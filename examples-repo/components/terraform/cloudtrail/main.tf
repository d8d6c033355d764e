data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "write" {
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }
}

resource "aws_iam_role" "this" {
  name               = "${local.name}-trail"
  assume_role_policy = data.aws_iam_policy_document.assume.json
  tags               = local.tags
}

resource "aws_iam_role_policy" "this" {
  name   = "write"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.write.json
}

# The archive is for auditors, this for alarms: it is searched within seconds.
resource "aws_cloudwatch_log_group" "this" {
  name              = "/cloudtrail/${local.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = local.tags
}

resource "aws_cloudtrail" "this" {
  name                       = local.name
  s3_bucket_name             = var.bucket_name
  kms_key_id                 = var.kms_key_arn
  is_organization_trail      = true
  is_multi_region_trail      = true
  enable_log_file_validation = true
  cloud_watch_logs_group_arn = "${aws_cloudwatch_log_group.this.arn}:*"
  cloud_watch_logs_role_arn  = aws_iam_role.this.arn
  tags                       = local.tags

  dynamic "event_selector" {
    for_each = var.object_events ? ["arn:aws:s3"] : []
    content {
      read_write_type = "All"

      data_resource {
        type   = "AWS::S3::Object"
        values = [event_selector.value]
      }
    }
  }
}
