# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# What a target of the network names.

# server_of TARGET: HOST, HOST:PORT, [ADDRESS] or [ADDRESS]:PORT.
server_of() {
	case $1 in
	nfs*) server=${1#* } server=${server%%:/*} ;;
	ssh*) server=${1#* } server=${server%%:/*} server=${server##*@} ;;
	*) server=${1#* } ;;
	esac
	echo "$server"
}

# host_of TARGET: a name, or an address without its brackets.
host_of() {
	server=$(server_of "$1")
	case $server in
	'['*']'*) server=${server#?} server=${server%%']'*} ;;
	*:*:*) ;; # an address
	*) server=${server%%:*} ;;
	esac
	echo "$server"
}

# port_of TARGET: nothing where it names none.
port_of() {
	server=$(server_of "$1")
	case $server in
	'['*']':*) echo "${server##*:}" ;;
	*:*:*) ;;
	*:*) echo "${server##*:}" ;;
	esac
}
