variable "zone_id" {
  type        = string
  description = "Zone in which the names are proven."
}

variable "domain" {
  type        = string
  description = "First name on the certificate."
}

variable "alternative_names" {
  type        = list(string)
  default     = []
  description = "Further names, in the same zone."
}
