output "instance_id" {
  value       = aws_instance.this.id
  description = "What a session is opened to."
}
