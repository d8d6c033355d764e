output "invoke_arn" {
  value       = aws_lambda_function.this.invoke_arn
  description = "How a gateway calls it."
}

output "function_name" {
  value       = aws_lambda_function.this.function_name
  description = "What a permission to call it names."
}
