output "secret_arns" {
  value       = { for name, secret in aws_secretsmanager_secret.this : name => secret.arn }
  description = "Secret of each entry of `secrets`, by name."
}
