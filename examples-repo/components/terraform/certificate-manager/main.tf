resource "aws_acm_certificate" "this" {
  domain_name               = var.domain
  subject_alternative_names = var.alternative_names
  validation_method         = "DNS"
  tags                      = local.tags

  lifecycle {
    create_before_destroy = true
  }
}

# A name and its wildcard are proven by the same record.
resource "aws_route53_record" "proof" {
  for_each = {
    for option in aws_acm_certificate.this.domain_validation_options :
    option.resource_record_name => option...
  }

  zone_id = var.zone_id
  name    = each.key
  type    = each.value[0].resource_record_type
  ttl     = 300
  records = [each.value[0].resource_record_value]
}

resource "aws_acm_certificate_validation" "this" {
  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = values(aws_route53_record.proof)[*].fqdn
}
