variable "domain" {
  type        = string
  description = "Name that callers use."
}

variable "zone_id" {
  type        = string
  description = "Zone that the name is in."
}

variable "certificate_arn" {
  type        = string
  description = "Certificate for the name, in the same region."
}

variable "routes" {
  type = map(object({
    invoke_arn    = string
    function_name = string
  }))
  description = "Functions by method and path, such as `POST /documents`. Callers sign their requests."
}

variable "throttle" {
  type = object({
    requests_per_second = number
    burst               = number
  })
  description = "What all callers together may ask for."
}

variable "log_retention_days" {
  type        = number
  description = "How long one can see who called."
}
