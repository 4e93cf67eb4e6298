variable "libvirt_uri" {
  description = "How libvirt is reached, for example qemu:///system or qemu+ssh://root@host/system."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+(\\+[a-z0-9]+)?://", var.libvirt_uri))
    error_message = "libvirt_uri is ${var.libvirt_uri}; expected a libvirt address such as qemu:///system."
  }
}

variable "foundations" {
  description = "The contract of the foundations: pool, network and images."
  type = object({
    pool         = string
    network_id   = string
    network_cidr = string
    domain       = string
    images       = map(string)
  })
  nullable = false
}

variable "domain_type" {
  description = "kvm where the host has hardware virtualisation, qemu (software emulation, slow) elsewhere."
  type        = string
  nullable    = false
  default     = "kvm"

  validation {
    condition     = contains(["kvm", "qemu"], var.domain_type)
    error_message = "domain_type is ${var.domain_type}; expected kvm or qemu."
  }
}

variable "nodes" {
  description = "The machines by name. Data disks grow by adding one at the end of a machine's list."
  type = map(object({
    address    = string
    roles      = list(string)
    cores      = number
    memory_gib = number
    root_gib   = number
    image      = string
    disks = list(object({
      serial = string
      tier   = string
      gib    = number
    }))
  }))
  nullable = false

  validation {
    condition     = length(var.nodes) > 0
    error_message = "nodes is empty; expected at least one machine."
  }
  validation {
    condition     = length(distinct([for node in var.nodes : node.address])) == length(var.nodes)
    error_message = "Two of the nodes have one address; expected an address of its own for each."
  }
  validation {
    condition = alltrue([
      for node in var.nodes : try(
        cidrsubnet("${node.address}/${split("/", var.foundations.network_cidr)[1]}", 0, 0) == var.foundations.network_cidr, false
      )
    ])
    error_message = "A node's address lies outside of the network ${var.foundations.network_cidr}."
  }
  validation {
    condition     = length([for node in var.nodes : node if contains(node.roles, "server")]) % 2 == 1
    error_message = "The number of nodes with the role server is even; expected 1, 3 or 5: they vote."
  }
  validation {
    condition     = alltrue([for node in var.nodes : contains(keys(var.foundations.images), node.image)])
    error_message = "A node names an image that the foundations do not hold (${join(", ", keys(var.foundations.images))})."
  }
}

variable "ssh_user" {
  description = "Account made on every machine, with sudo and without a password."
  type        = string
  nullable    = false
  default     = "ops"
}

variable "ssh_public_key" {
  description = "The public key that opens the account."
  type        = string
  nullable    = false
}

variable "ssh_key" {
  description = "Path of the private key on the machine that runs Ansible; passed through to the contract."
  type        = string
  nullable    = false
}

variable "proxy_command" {
  description = "The ssh ProxyCommand through which machines are reached; null where there is a route."
  type        = string
  default     = null
}

variable "console_path" {
  description = "Folder on the host for the serial consoles' logs. It must exist."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.console_path, "/")
    error_message = "console_path is ${var.console_path}; expected an absolute path."
  }
}
