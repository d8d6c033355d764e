locals {
  roles   = { for role in var.roles : role.name => role }
  granted = { for name, role in local.roles : name => role.statements if length(role.statements) > 0 }
  attachments = merge([
    for role in var.roles : { for arn in role.policy_arns : "${role.name} ${arn}" => { role = role.name, arn = arn } }
  ]...)
}

data "aws_iam_policy_document" "assume" {
  for_each = local.roles

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = [var.oidc_provider_arn]
    }
    condition {
      test     = "StringEquals"
      variable = "${var.oidc_issuer}:sub"
      values   = ["system:serviceaccount:${each.value.namespace}:${each.value.service_account}"]
    }
    condition {
      test     = "StringEquals"
      variable = "${var.oidc_issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "this" {
  for_each = local.roles

  name               = "${local.name}-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.assume[each.key].json
  tags               = local.tags
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = local.attachments

  role       = aws_iam_role.this[each.value.role].name
  policy_arn = each.value.arn
}

data "aws_iam_policy_document" "granted" {
  for_each = local.granted

  dynamic "statement" {
    for_each = each.value
    content {
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }
}

resource "aws_iam_role_policy" "granted" {
  for_each = local.granted

  name   = "granted"
  role   = aws_iam_role.this[each.key].id
  policy = data.aws_iam_policy_document.granted[each.key].json
}
