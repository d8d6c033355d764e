output "cluster_name" {
  value       = aws_eks_cluster.this.name
  description = "Name of the cluster."
}

output "oidc_provider_arn" {
  value       = aws_iam_openid_connect_provider.this.arn
  description = "Identity provider for roles of service accounts."
}

output "oidc_issuer" {
  value       = trimprefix(aws_eks_cluster.this.identity[0].oidc[0].issuer, "https://")
  description = "Issuer of that provider, without the scheme."
}
