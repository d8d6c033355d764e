variable "engine_version" {
  type        = string
  description = "Version as the service writes it, such as OpenSearch_2.19."
}

variable "instance_type" {
  type        = string
  description = "Size of a node, such as r7g.large.search."
}

variable "instance_count" {
  type        = number
  description = "Nodes that hold records, spread over up to three zones."
}

variable "leader_count" {
  type        = number
  description = "Nodes that only lead: an odd number, or 0 where the others do it."
}

variable "storage_gib" {
  type        = number
  description = "Disk of each node."
}

variable "subnet_ids" {
  type        = list(string)
  description = "Private subnets, one per zone."
}

variable "security_group_ids" {
  type        = list(string)
  description = "Who may connect."
}

variable "kms_key_arn" {
  type        = string
  description = "Key that encrypts records and logs."
}

variable "log_retention_days" {
  type        = number
  description = "How long one can see who searched for what."
}
