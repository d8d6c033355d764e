variable "secrets" {
  type = map(object({
    description = string
  }))
  description = "Secrets by name. Their values never pass through here."
}

variable "rotation_days" {
  type        = number
  description = "After how many days a value is due to be replaced."
}

variable "recovery_window_days" {
  type        = number
  description = "Days between deleting a secret and losing it."
}

variable "kms_key_arn" {
  type        = string
  description = "Key that encrypts the values."
}
