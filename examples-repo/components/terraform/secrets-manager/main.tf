resource "aws_secretsmanager_secret" "this" {
  for_each = var.secrets

  name                    = "${var.tenant}/${var.environment}/${each.key}"
  description             = each.value.description
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.recovery_window_days
  # Read by the job that reminds the owner of what is due.
  tags = merge(local.tags, { rotate_every_days = tostring(var.rotation_days) })
}
