variable "engine_version" {
  type        = string
  description = "Valkey version, as <major>.<minor>."
}

variable "node_type" {
  type        = string
  description = "Size of a node, such as cache.t4g.small."
}

variable "replicas" {
  type        = number
  description = "Nodes beside the primary; with any, a failover takes seconds."
}

variable "snapshot_retention_days" {
  type        = number
  description = "How long snapshots are kept; 0 takes none."
}

variable "parameters" {
  type        = map(string)
  default     = {}
  description = "Settings of the engine that differ from its defaults."
}

variable "subnet_ids" {
  type        = list(string)
  description = "Private subnets in at least two zones."
}

variable "security_group_ids" {
  type        = list(string)
  description = "Who may connect."
}

variable "kms_key_arn" {
  type        = string
  description = "Key that encrypts nodes and snapshots."
}
