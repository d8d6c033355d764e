variable "amazon_side_asn" {
  type        = number
  description = "Private autonomous system number of this gateway."
}

variable "auto_accept_attachments" {
  type        = bool
  description = "Whether networks of other accounts attach without being asked."
}

variable "routed_cidr" {
  type        = string
  description = "Range sent over the peering."
}

variable "peer_transit_gateway_id" {
  type        = string
  default     = null
  description = "Gateway of another region to peer with; null for none."
}

variable "peer_region" {
  type        = string
  default     = null
  description = "Region of that gateway."
}
