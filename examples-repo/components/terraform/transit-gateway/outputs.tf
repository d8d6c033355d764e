output "transit_gateway_id" {
  value       = aws_ec2_transit_gateway.this.id
  description = "What networks attach to."
}
