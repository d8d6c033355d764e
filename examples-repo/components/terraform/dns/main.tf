resource "aws_route53_zone" "this" {
  name = var.domain
  tags = local.tags
}

# The zone above has to send resolvers here.
resource "aws_route53_record" "delegation" {
  count = var.parent_zone_id == null ? 0 : 1

  zone_id = var.parent_zone_id
  name    = var.domain
  type    = "NS"
  ttl     = var.ttl_seconds
  records = aws_route53_zone.this.name_servers
}

resource "aws_route53_record" "this" {
  for_each = var.records

  zone_id = aws_route53_zone.this.zone_id
  name    = each.key
  type    = each.value.type
  ttl     = var.ttl_seconds
  records = each.value.values
}
