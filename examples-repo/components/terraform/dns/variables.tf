variable "domain" {
  type        = string
  description = "Name of the zone."
}

variable "parent_zone_id" {
  type        = string
  default     = null
  description = "Zone that delegates to this one; null where a registrar does."
}

variable "ttl_seconds" {
  type        = number
  description = "How long resolvers remember an answer."
}

variable "records" {
  type = map(object({
    type   = string
    values = list(string)
  }))
  default     = {}
  description = "Records by name below the zone; an empty name is the zone itself."
}
