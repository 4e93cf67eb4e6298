variable "libvirt_uri" {
  description = "How libvirt is reached, for example qemu:///system or qemu+ssh://root@host/system."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+(\\+[a-z0-9]+)?://", var.libvirt_uri))
    error_message = "libvirt_uri is ${var.libvirt_uri}; expected a libvirt address such as qemu:///system."
  }
}

variable "platform" {
  description = "Name of the platform: the pool and the network bear it, and machines' names start with it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$", var.platform))
    error_message = "platform is ${var.platform}; expected a name of lower-case letters, digits and hyphens."
  }
}

variable "pool_path" {
  description = "Folder on the host that holds all disks of the machines. It must have room for them."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.pool_path, "/") && var.pool_path != "/"
    error_message = "pool_path is ${var.pool_path}; expected an absolute path other than /."
  }
}

variable "network_cidr" {
  description = "Private network of the machines. The host has its first address; machines start at the tenth."
  type        = string
  nullable    = false
  default     = "10.77.0.0/24"

  validation {
    condition = try(
      cidrsubnet(var.network_cidr, 0, 0) == var.network_cidr && tonumber(split("/", var.network_cidr)[1]) <= 26, false
    )
    error_message = "network_cidr is ${var.network_cidr}; expected an IPv4 network of /26 or larger, such as 10.77.0.0/24."
  }
}

variable "bridge" {
  description = "Name of the bridge on the host, at most 15 letters."
  type        = string
  nullable    = false
  default     = "virbr-nereus"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,14}$", var.bridge))
    error_message = "bridge is ${var.bridge}; expected at most 15 lower-case letters, digits and hyphens."
  }
}

variable "domain" {
  description = "DNS domain of the machines; answered by the network itself and never forwarded."
  type        = string
  nullable    = false
  default     = "nereus.internal"

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", var.domain))
    error_message = "domain is ${var.domain}; expected a DNS name such as nereus.internal."
  }
}

variable "images" {
  description = <<-EOT
    Base images (qcow2) by the first 12 letters of their SHA-256. Machines are copies that keep reading their base, so
    an image stays here as long as one machine was made from it.
  EOT
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.images) > 0
    error_message = "images is empty; expected at least one base image."
  }
  validation {
    condition     = alltrue([for key in keys(var.images) : can(regex("^[0-9a-f]{12}$", key))])
    error_message = "images has the keys ${join(", ", keys(var.images))}; expected 12 hexadecimal letters each."
  }
}
