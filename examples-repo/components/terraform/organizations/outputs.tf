output "organization_id" {
  value       = aws_organizations_organization.this.id
  description = "For policies that trust every account."
}

output "unit_ids" {
  value       = { for name, unit in aws_organizations_organizational_unit.this : name => unit.id }
  description = "Id of each unit, by name."
}
