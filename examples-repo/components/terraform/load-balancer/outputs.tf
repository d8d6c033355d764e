output "target_group_arn" {
  value       = aws_lb_target_group.this.arn
  description = "Where services register themselves."
}

output "dns_name" {
  value       = aws_lb.this.dns_name
  description = "Name of the balancer itself, for alarms and tests."
}
