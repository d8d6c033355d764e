variable "bucket_name" {
  type        = string
  description = "Name of the bucket, unique in the world."
}

variable "kms_key_arn" {
  type        = string
  description = "Key that encrypts objects."
}

variable "noncurrent_version_days" {
  type        = number
  description = "How long an overwritten or deleted object can be brought back."
}

variable "object_lock_days" {
  type        = number
  default     = null
  description = "How long nobody can delete a version; null lets everybody with the right to."
}

variable "writer_services" {
  type        = list(string)
  default     = []
  description = "Services that put objects here, such as cloudtrail.amazonaws.com."
}

variable "replica_bucket_arn" {
  type        = string
  default     = null
  description = "Bucket in another region that gets a copy of everything; null for none."
}

variable "replica_kms_key_arn" {
  type        = string
  default     = null
  description = "Key that encrypts the copies, in their region."
}
