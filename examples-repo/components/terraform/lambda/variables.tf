variable "handler" {
  type        = string
  description = "Module and function that is called, such as check.receive."
}

variable "runtime" {
  type        = string
  description = "What runs it, such as python3.13."
}

variable "architecture" {
  type        = string
  description = "arm64 or x86_64."
}

variable "memory_mib" {
  type        = number
  description = "Memory, and with it the share of a processor."
}

variable "timeout_seconds" {
  type        = number
  description = "How long one call may take."
}

variable "package_bucket" {
  type        = string
  description = "Bucket with what the build made."
}

variable "package_key" {
  type        = string
  description = "Object in it; its name holds the version."
}

variable "kms_key_arn" {
  type        = string
  description = "Key that encrypts logs, variables and what is written."
}

variable "log_retention_days" {
  type        = number
  description = "How long its logs can be read."
}

variable "environment_variables" {
  type        = map(string)
  default     = {}
  description = "What the function finds in its environment; no secrets."
}

variable "writable_bucket_arns" {
  type        = list(string)
  default     = []
  description = "Buckets it puts objects into."
}
