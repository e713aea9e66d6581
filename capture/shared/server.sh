# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# What a target of the network names, and the key for it.

# is_on_network TARGET: a server has it.
is_on_network() { case $1 in "nfs "* | "ssh "* | "netdump "*) ;; *) return 1 ;; esac; }

# server_of TARGET: HOST, HOST:PORT, [ADDRESS] or [ADDRESS]:PORT.
server_of() {
	case $1 in
	nfs*) server=${1#* } server=${server%%:/*} ;;
	ssh*) server=${1#* } server=${server%%:/*} server=${server##*@} ;;
	*) server=${1#* } ;;
	esac
	printf '%s\n' "$server"
}

# directory_of TARGET: the one on that server.
directory_of() { printf '%s\n' "/${1#*:/}"; }

# host_of TARGET: a name, or an address without its brackets.
host_of() {
	server=$(server_of "$1")
	case $server in
	'['*']'*) server=${server#?} server=${server%%']'*} ;;
	*:*:*) ;; # an address
	*) server=${server%%:*} ;;
	esac
	printf '%s\n' "$server"
}

# known_name_of TARGET: what its server is called among the known hosts of ssh.
known_name_of() {
	port=$(port_of "$1")
	case $port in
	'' | 22) host_of "$1" ;;
	*) printf '%s\n' "[$(host_of "$1")]:$port" ;;
	esac
}

# port_of TARGET: nothing where it names none.
port_of() {
	server=$(server_of "$1")
	case $server in
	'['*']':*) printf '%s\n' "${server##*:}" ;;
	*:*:*) ;;
	*:*) printf '%s\n' "${server##*:}" ;;
	esac
}

# ssh_key_file: the one of the settings, or the one that ssh itself would take; status 1 where that is not there.
ssh_key_file() {
	for file in "$conf_ssh_key" /root/.ssh/id_ed25519 /root/.ssh/id_ecdsa /root/.ssh/id_rsa; do
		[ -z "$file" ] || [ ! -r "$ROOT$file" ] || { printf '%s\n' "$file"; return; }
		[ -z "$conf_ssh_key" ] || break # that one, or none
	done
	return 1
}
