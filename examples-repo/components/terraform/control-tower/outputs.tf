output "landing_zone_version" {
  value       = aws_controltower_landing_zone.this.version
  description = "What new accounts are made with."
}
