variable "type" {
  type        = string
  description = "What is balanced: requests (application) or connections (network)."

  validation {
    condition     = contains(["application", "network"], var.type)
    error_message = "type is application or network."
  }
}

variable "vpc_id" {
  type        = string
  description = "Network of the targets."
}

variable "subnet_ids" {
  type        = list(string)
  description = "Public subnets in at least two zones."
}

variable "security_group_ids" {
  type        = list(string)
  description = "Who reaches the balancer."
}

variable "certificate_arn" {
  type        = string
  description = "Certificate that clients are shown."
}

variable "tls_policy" {
  type        = string
  description = "Versions and ciphers that are offered."
}

variable "target_type" {
  type        = string
  description = "How targets are named: ip or instance."
}

variable "target_port" {
  type        = number
  description = "Where targets listen."
}

variable "health_check_path" {
  type        = string
  description = "What a healthy target answers with 200."
}

variable "deletion_protection" {
  type        = bool
  description = "Whether the balancer refuses to be deleted."
}

variable "record" {
  type = object({
    zone_id = string
    name    = string
    weight  = number
  })
  default     = null
  description = "Name shared with other balancers, and this one's share of its customers."
}
