variable "engine_version" {
  type        = string
  description = "PostgreSQL version: the major alone follows minor releases."
}

variable "parameter_group_family" {
  type        = string
  description = "Family that goes with the major version, such as postgres17."
}

variable "database_name" {
  type        = string
  default     = null
  description = "Database created with the instance; a replica has that of its source."
}

variable "instance_class" {
  type        = string
  description = "Size of the instance, such as db.t4g.medium."
}

variable "allocated_storage_gib" {
  type        = number
  description = "Storage at the start; it grows to four times this."
}

variable "multi_az" {
  type        = bool
  description = "Whether a standby waits in another zone."
}

variable "backup_retention_days" {
  type        = number
  description = "How far back the database can be restored."
}

variable "deletion_protection" {
  type        = bool
  description = "Whether the instance refuses to be deleted; without it no last snapshot is kept."
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
  description = "Key that encrypts storage, backups and the master password."
}

variable "replicate_source_arn" {
  type        = string
  default     = null
  description = "Instance to copy from; null makes this one a primary."
}
