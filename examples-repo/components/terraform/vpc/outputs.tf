output "vpc_id" {
  value       = aws_vpc.this.id
  description = "Id of the network."
}

output "vpc_cidr" {
  value       = aws_vpc.this.cidr_block
  description = "Address range of the network."
}

output "private_subnet_ids" {
  value       = [for zone in var.availability_zones : aws_subnet.private[zone].id]
  description = "Private subnets, in the order of availability_zones."
}

output "public_subnet_ids" {
  value       = [for zone in var.availability_zones : aws_subnet.public[zone].id]
  description = "Public subnets, in the order of availability_zones."
}
