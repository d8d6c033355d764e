output "endpoint" {
  value       = aws_opensearch_domain.this.endpoint
  description = "Where clients connect, over HTTPS."
}
