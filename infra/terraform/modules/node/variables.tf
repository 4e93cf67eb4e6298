variable "name" {
  description = "Name of the machine: its domain, its host name, and the first part of its volumes' names."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.name))
    error_message = "name is ${var.name}; expected a host name of lower-case letters, digits and hyphens."
  }
}

variable "domain_type" {
  description = "kvm where the host has hardware virtualisation, qemu (software emulation, slow) elsewhere."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["kvm", "qemu"], var.domain_type)
    error_message = "domain_type is ${var.domain_type}; expected kvm or qemu."
  }
}

variable "cores" {
  description = "Virtual CPUs. Changing them makes the machine anew; its data disks stay."
  type        = number
  nullable    = false

  validation {
    condition     = var.cores >= 1 && floor(var.cores) == var.cores
    error_message = "cores is ${var.cores}; expected a whole number, 1 or more."
  }
}

variable "memory_gib" {
  description = "Memory in GiB. Changing it makes the machine anew; its data disks stay."
  type        = number
  nullable    = false

  validation {
    condition     = var.memory_gib >= 0.5
    error_message = "memory_gib is ${var.memory_gib}; expected 0.5 GiB or more."
  }
}

variable "root_gib" {
  description = "Size of the root disk in GiB. It holds the system and container images, no data."
  type        = number
  nullable    = false

  validation {
    condition     = var.root_gib >= 2
    error_message = "root_gib is ${var.root_gib}; expected 2 GiB or more, the size of the base image."
  }
}

variable "disks" {
  description = <<-EOT
    Data disks in their order. The serial number is how the machine finds a disk. Grow by adding a disk at the end:
    a disk that is there is never changed, nor removed while the machine lives.
  EOT
  type = list(object({
    serial = string
    tier   = string
    gib    = number
  }))
  nullable = false
  default  = []

  validation {
    condition     = alltrue([for disk in var.disks : can(regex("^[a-z0-9][a-z0-9-]{0,19}$", disk.serial))])
    error_message = "The disks of ${var.name} have a serial number that is not 1 to 20 lower-case letters, digits and hyphens."
  }
  validation {
    condition     = length(distinct(var.disks[*].serial)) == length(var.disks)
    error_message = "The disks of ${var.name} have a serial number twice."
  }
  validation {
    condition     = alltrue([for disk in var.disks : contains(["hot", "cold", "cache"], disk.tier)])
    error_message = "The disks of ${var.name} have a tier other than hot, cold or cache."
  }
  validation {
    condition     = alltrue([for disk in var.disks : disk.gib > 0])
    error_message = "The disks of ${var.name} have a size that is not above 0 GiB."
  }
  validation {
    # vda is the root disk; libvirt names 25 more by one letter.
    condition     = length(var.disks) <= 25
    error_message = "${var.name} has ${length(var.disks)} data disks; expected 25 at most. Fewer, larger disks do the same."
  }
}

variable "roles" {
  description = "What k3s runs on the machine: server or agent."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.roles) > 0 && alltrue([for role in var.roles : contains(["server", "agent"], role)])
    error_message = "The roles of ${var.name} are ${join(", ", var.roles)}; expected server or agent."
  }
}

variable "address" {
  description = "Fixed IPv4 address of the machine."
  type        = string
  nullable    = false

  validation {
    condition     = can(cidrhost("${var.address}/32", 0))
    error_message = "address is ${var.address}; expected an IPv4 address."
  }
}

variable "domain" {
  description = "DNS domain of the machine."
  type        = string
  nullable    = false
}

variable "pool" {
  description = "Name of the pool that holds the disks."
  type        = string
  nullable    = false
}

variable "network_id" {
  description = "Identifier of the network."
  type        = string
  nullable    = false
}

variable "image" {
  description = "The first 12 letters of the base image's SHA-256, as in the foundations' contract."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9a-f]{12}$", var.image))
    error_message = "image is ${var.image}; expected 12 hexadecimal letters."
  }
}

variable "base_volume_id" {
  description = "Identifier of the base image's volume."
  type        = string
  nullable    = false
}

variable "ssh_user" {
  description = "Account made on the machine, with sudo and without a password."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z_][a-z0-9_-]{0,31}$", var.ssh_user)) && var.ssh_user != "root"
    error_message = "ssh_user is ${var.ssh_user}; expected a Linux account other than root."
  }
}

variable "ssh_public_key" {
  description = "The public key that opens the account."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^(ssh-ed25519|ecdsa-sha2-nistp256|ssh-rsa) [A-Za-z0-9+/=]+", var.ssh_public_key))
    error_message = "ssh_public_key is not an OpenSSH public key."
  }
}

variable "console_path" {
  description = "Folder on the host for the serial consoles' logs."
  type        = string
  nullable    = false
}
