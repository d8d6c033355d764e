output "cluster_name" {
  value       = aws_ecs_cluster.this.name
  description = "Cluster of the service, for commands and alarms."
}

output "service_name" {
  value       = aws_ecs_service.this.name
  description = "The service in it."
}
