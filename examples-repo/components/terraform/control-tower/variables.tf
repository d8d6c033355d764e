variable "governed_regions" {
  type        = list(string)
  description = "Regions in which controls hold; in others nothing can be made."
}

variable "log_archive_account_id" {
  type        = string
  description = "Account that keeps the logs of the landing zone."
}

variable "audit_account_id" {
  type        = string
  description = "Account from which auditors look into the others."
}

variable "log_retention_days" {
  type        = number
  description = "How long those logs are kept."
}

variable "kms_key_arn" {
  type        = string
  description = "Key that encrypts them."
}

variable "unit_ids" {
  type        = map(string)
  description = "Organizational units by name."
}

variable "controls" {
  type        = map(list(string))
  default     = {}
  description = "Per unit, controls beyond those that are always on."
}
