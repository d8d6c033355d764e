output "url" {
  value       = "https://${aws_apigatewayv2_domain_name.this.domain_name}"
  description = "What partners are told."
}
