resource "aws_organizations_organization" "this" {
  feature_set          = "ALL"
  enabled_policy_types = ["SERVICE_CONTROL_POLICY"]
  aws_service_access_principals = [
    "cloudtrail.amazonaws.com",
    "controltower.amazonaws.com",
    "sso.amazonaws.com",
  ]
}

resource "aws_organizations_organizational_unit" "this" {
  for_each = toset(var.units)

  name      = each.key
  parent_id = aws_organizations_organization.this.roots[0].id
  tags      = local.tags
}

resource "aws_organizations_account" "this" {
  for_each = var.accounts

  name      = each.key
  email     = each.value.email
  parent_id = aws_organizations_organizational_unit.this[each.value.unit].id
  tags      = local.tags

  lifecycle {
    # Closing an account is a decision of its own, made in the console by two people.
    prevent_destroy = true
  }
}

data "aws_iam_policy_document" "denied" {
  for_each = var.denied_actions

  statement {
    effect    = "Deny"
    actions   = each.value
    resources = ["*"]
  }
}

resource "aws_organizations_policy" "denied" {
  for_each = var.denied_actions

  name    = "denied-in-${each.key}"
  content = data.aws_iam_policy_document.denied[each.key].json
  tags    = local.tags
}

resource "aws_organizations_policy_attachment" "denied" {
  for_each = var.denied_actions

  policy_id = aws_organizations_policy.denied[each.key].id
  target_id = aws_organizations_organizational_unit.this[each.key].id
}
