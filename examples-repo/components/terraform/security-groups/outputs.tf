output "group_ids" {
  value       = { for name, group in aws_security_group.this : name => group.id }
  description = "Id of each group, by name."
}
