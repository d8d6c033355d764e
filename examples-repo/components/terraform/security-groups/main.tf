locals {
  # One entry per rule, so that a rule comes and goes without its neighbours.
  ingress = merge([
    for group, settings in var.groups : {
      for rule, peer in settings.ingress : "${group}/${rule}" => merge(peer, { into = group, rule = rule })
    }
  ]...)
}

resource "aws_security_group" "this" {
  for_each = var.groups

  name_prefix = "${local.name}-${each.key}-"
  description = each.value.description
  vpc_id      = var.vpc_id
  tags        = merge(local.tags, { Name = "${local.name}-${each.key}" })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each = local.ingress

  security_group_id            = aws_security_group.this[each.value.into].id
  description                  = each.value.rule
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  cidr_ipv4                    = each.value.cidr
  referenced_security_group_id = each.value.group == null ? null : aws_security_group.this[each.value.group].id
  tags                         = local.tags
}

# What may leave is decided by routes and endpoints; a group only says who may come in.
resource "aws_vpc_security_group_egress_rule" "this" {
  for_each = var.groups

  security_group_id = aws_security_group.this[each.key].id
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
  tags              = local.tags
}
