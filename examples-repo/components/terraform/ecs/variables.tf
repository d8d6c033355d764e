variable "image" {
  type        = string
  description = "What runs, with its tag. The service is called after it."
}

variable "port" {
  type        = number
  description = "Where the program listens."
}

variable "replicas" {
  type        = number
  description = "Tasks that run at the same time."
}

variable "cpu_units" {
  type        = number
  description = "1024 are one processor."
}

variable "memory_mib" {
  type        = number
  description = "Memory of a task, one of the sizes that go with its processor."
}

variable "subnet_ids" {
  type        = list(string)
  description = "Private subnets that tasks are spread over."
}

variable "security_group_ids" {
  type        = list(string)
  description = "Groups of the tasks."
}

variable "target_group_arn" {
  type        = string
  description = "Where tasks register with the load balancer."
}

variable "kms_key_arn" {
  type        = string
  description = "Key that encrypts the logs."
}

variable "log_retention_days" {
  type        = number
  description = "How long its logs can be read."
}

variable "environment_variables" {
  type        = map(string)
  default     = {}
  description = "What the program finds in its environment; no secrets."
}
