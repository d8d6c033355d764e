output "instance_arn" {
  value       = aws_db_instance.this.arn
  description = "What a replica names as its source."
}

output "endpoint" {
  value       = aws_db_instance.this.endpoint
  description = "Where clients connect, as host:port."
}
