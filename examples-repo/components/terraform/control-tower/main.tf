locals {
  controls = merge([
    for unit, controls in var.controls : { for control in controls : "${unit}/${control}" => { unit = unit, control = control } }
  ]...)
}

data "aws_caller_identity" "current" {}

data "aws_organizations_organization" "current" {}

resource "aws_controltower_landing_zone" "this" {
  version = "3.3"
  tags    = local.tags

  manifest_json = jsonencode({
    governedRegions = var.governed_regions
    organizationStructure = {
      security = { name = "security" }
      sandbox  = { name = "sandbox" }
    }
    centralizedLogging = {
      accountId = var.log_archive_account_id
      enabled   = true
      configurations = {
        kmsKeyArn           = var.kms_key_arn
        loggingBucket       = { retentionDays = var.log_retention_days }
        accessLoggingBucket = { retentionDays = var.log_retention_days }
      }
    }
    securityRoles    = { accountId = var.audit_account_id }
    accessManagement = { enabled = true }
  })
}

resource "aws_controltower_control" "this" {
  for_each = local.controls

  control_identifier = "arn:aws:controltower:${var.region}::control/${each.value.control}"
  target_identifier = join("/", [
    "arn:aws:organizations::${data.aws_caller_identity.current.account_id}:ou",
    data.aws_organizations_organization.current.id,
    var.unit_ids[each.value.unit],
  ])

  depends_on = [aws_controltower_landing_zone.this]
}
