variable "cidr" {
  type        = string
  description = "Address range of the network, a /16."
}

variable "routed_cidr" {
  type        = string
  description = "Range sent to the transit gateway."
}

variable "availability_zones" {
  type        = list(string)
  description = "Zones that get a public and a private subnet each, in this order."
}

variable "nat_gateways" {
  type        = string
  default     = "none"
  description = "How private subnets reach the internet: none, single or per_zone."

  validation {
    condition     = contains(["none", "single", "per_zone"], var.nat_gateways)
    error_message = "nat_gateways is none, single or per_zone."
  }
}

variable "gateway_endpoints" {
  type        = list(string)
  default     = []
  description = "Services reached through a route, such as s3."
}

variable "interface_endpoints" {
  type        = list(string)
  default     = []
  description = "Services reached through an address in each private subnet, such as ecr.api."
}

variable "flow_log_retention_days" {
  type        = number
  description = "How long accepted and rejected connections can be looked up."
}

variable "transit_gateway_id" {
  type        = string
  default     = null
  description = "Transit gateway to attach to; null leaves the network on its own."
}
