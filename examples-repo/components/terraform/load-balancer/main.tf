locals {
  # Requests or connections: the type decides the names of the protocols.
  protocol = var.type == "application" ? { listener = "HTTPS", target = "HTTP" } : { listener = "TLS", target = "TLS" }
}

resource "aws_lb" "this" {
  name                       = local.name
  load_balancer_type         = var.type
  subnets                    = var.subnet_ids
  security_groups            = var.security_group_ids
  enable_deletion_protection = var.deletion_protection
  drop_invalid_header_fields = var.type == "application" ? true : null
  tags                       = local.tags
}

resource "aws_lb_target_group" "this" {
  name_prefix = "main-"
  vpc_id      = var.vpc_id
  target_type = var.target_type
  port        = var.target_port
  protocol    = local.protocol.target
  tags        = local.tags

  health_check {
    path     = var.health_check_path
    protocol = var.type == "application" ? "HTTP" : "HTTPS"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener" "tls" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = local.protocol.listener
  certificate_arn   = var.certificate_arn
  ssl_policy        = var.tls_policy
  tags              = local.tags

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }
}

resource "aws_route53_record" "weighted" {
  count = var.record == null ? 0 : 1

  zone_id        = var.record.zone_id
  name           = var.record.name
  type           = "A"
  set_identifier = local.name

  alias {
    name                   = aws_lb.this.dns_name
    zone_id                = aws_lb.this.zone_id
    evaluate_target_health = true
  }

  weighted_routing_policy {
    weight = var.record.weight
  }
}
