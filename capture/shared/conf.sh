# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# capture.conf: lines "key=value", "#" begins a comment; what each key means says the example beside this folder.

conf_defaults() {
	conf_targets=
	conf_accept=
	conf_dump_level=31
	conf_compression=zstd
	conf_time_limit=1800
	conf_keep=0
	conf_max_total=0
	conf_min_free=5%
	conf_final_action=reboot
	conf_reports_for=owner
	for key in $conf_files $conf_words; do eval "conf_$key="; done
}

# Keys whose value is the absolute path of a file; keys whose value is any words.
conf_files='kernel pre_script post_script known_signatures ssh_key ssh_known_hosts netdump_server_key netdump_key notify_command'
conf_words='extra_modules append notify_mail'

# trim TEXT: without blanks around it.
trim() { printf %s "$1" | sed 's/^[[:space:]]*//; s/[[:space:]]*$//'; }

# target_is_known TARGET: "KIND WHERE", as in the example. What is given to programs as a device, a user or a host is one word,
# and none of their options. Tabs part the fields of what is known of targets.
target_is_known() {
	case $1 in *[[:cntrl:]]*) return 1 ;; esac
	place=${1#* }
	place=${place%%:/*}
	case $1 in
	"local /"*) return ;;
	"device "*:/* | "nfs "*:/*) ;;
	"ssh "*:/*) case $place in ?*@?*) ;; *) return 1 ;; esac ;;
	"netdump "*) case $1 in */*) return 1 ;; esac ;;
	*) return 1 ;;
	esac
	case $place in '' | -* | *@-* | *[[:space:]]*) return 1 ;; esac
}

# is_word_of WORD WORDS: one of them, and only one.
is_word_of() {
	case $1 in '' | *[[:space:]]*) return 1 ;; esac
	case " $2 " in *" $1 "*) ;; *) return 1 ;; esac
}

# is_point TEXT: it may be the name of a point of `check`.
is_point() { case $1 in '' | *[!a-z0-9-]*) return 1 ;; esac; }

# conf_set KEY VALUE: status 1 where the value is none of that key's, 2 where there is no such key.
conf_set() {
	case $1 in
	target)
		target_is_known "$2" && conf_targets="$conf_targets$2
"
		;;
	dump_level) is_number "$2" 31 && conf_dump_level=$2 ;;
	compression) is_word_of "$2" "zlib lzo snappy zstd none" && conf_compression=$2 ;;
	time_limit) conf_time_limit=$(seconds_of "$2") && [ "$conf_time_limit" -gt 0 ] ;;
	keep) is_number "$2" && conf_keep=$2 ;;
	max_total) conf_max_total=$(bytes_of "$2") ;;
	min_free) { is_number "${2%"%"}" 99 || bytes_of "$2" > /dev/null; } && conf_min_free=$2 ;;
	accept) is_point "$2" && conf_accept="$conf_accept$2 " ;;
	final_action) is_word_of "$2" "reboot poweroff halt shell" && conf_final_action=$2 ;;
	reports_for)
		# shellcheck disable=SC2034 # for kmortem-reports
		is_word_of "$2" "owner all" && conf_reports_for=$2
		;;
	*) conf_set_text "$1" "$2" ;;
	esac
}

# conf_set_text KEY VALUE: of conf_files and conf_words; as conf_set.
conf_set_text() {
	if is_word_of "$1" "$conf_files"; then
		case $2 in *[[:cntrl:]]*) return 1 ;; /*) ;; *) return 1 ;; esac
	elif ! is_word_of "$1" "$conf_words"; then
		return 2
	fi
	eval "conf_$1=\$2"
}

# conf_read FILE: sets conf_*; every mistake is told, and status 1 then.
conf_read() {
	conf_defaults
	if [ -d "$1" ] || [ ! -r "$1" ]; then
		say "$1: cannot be read"
		return 1
	fi
	conf_line=0 conf_mistakes=0 # in line 0 is what no line has
	while IFS= read -r line || [ "$line" ]; do
		conf_line=$((conf_line + 1))
		line=$(trim "$line")
		case $line in
		'' | '#'*) continue ;;
		*=*) ;;
		*) conf_mistake "$1" "want key=value" && continue ;;
		esac
		key=$(trim "${line%%=*}") value=$(trim "${line#*=}") status=0
		conf_set "$key" "$value" || status=$?
		[ "$status" -ne 1 ] || conf_mistake "$1" "$key=$value: no value of that key"
		[ "$status" -ne 2 ] || conf_mistake "$1" "$key: no such key"
	done < "$1"
	conf_line=0
	[ "$conf_targets" ] || conf_mistake "$1" "no target: say where dumps go, as target=local /var/crash"
	[ "$conf_mistakes" -eq 0 ]
}

# conf_local_targets: their directories, one a line.
conf_local_targets() { printf %s "$conf_targets" | sed -n 's/^local //p'; }

# conf_mistake FILE WHAT: on one line, of which a file that is something else has very long ones.
conf_mistake() {
	[ "$conf_line" -eq 0 ] || set -- "$1:$conf_line" "$2"
	say "$1: $(printf %.300s "$2")"
	conf_mistakes=$((conf_mistakes + 1))
}
