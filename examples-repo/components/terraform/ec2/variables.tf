variable "vpc_id" {
  type        = string
  description = "Network of the instance."
}

variable "subnet_id" {
  type        = string
  description = "Private subnet of the instance."
}

variable "instance_type" {
  type        = string
  description = "Size of the instance, such as m7i.large."
}

variable "image_parameter" {
  type        = string
  description = "Public parameter that holds the id of the image."
}

variable "disk_size_gib" {
  type        = number
  description = "Size of its only disk."
}

variable "kms_key_arn" {
  type        = string
  description = "Key that encrypts the disk."
}

variable "schedule" {
  type        = string
  default     = null
  description = "Hours in which it runs, as the instance scheduler calls them; null for always."
}
