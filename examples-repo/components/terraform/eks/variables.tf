variable "cluster_version" {
  type        = string
  description = "Kubernetes version, as <major>.<minor>."
}

variable "subnet_ids" {
  type        = list(string)
  description = "Private subnets in at least two zones."
}

variable "kms_key_arn" {
  type        = string
  description = "Key that encrypts Secrets at rest."
}

variable "public_access_cidrs" {
  type        = list(string)
  description = "Who reaches the API from outside the network."
}

variable "enabled_log_types" {
  type        = list(string)
  description = "Control plane logs to keep."
}

variable "deletion_protection" {
  type        = bool
  description = "Whether the cluster refuses to be deleted."
}

variable "node_groups" {
  type = map(object({
    instance_types = list(string)
    ami_type       = string
    disk_size_gib  = number
    min_size       = number
    max_size       = number
    taints         = optional(map(string), {})
  }))
  description = "Groups of equal nodes, by name. A taint keeps pods away that do not tolerate it."
}
