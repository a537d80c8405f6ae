# Usage, without a platform. Where one runs, `help` of the commands is its own.

command_help() {
  cat <<'USAGE'
Usage: ./pushboat COMMAND [OPTIONS]

On the server, as root:
  up        set up what is missing, start, wait until it answers, print the addresses
              --detach           return when it answers (otherwise: show the log, Ctrl-C stops the platform)
              --data DIR         data directory (/var/lib/pushboat)
              --domain DOMAIN    apps answer at APP.DOMAIN (localhost)
              --http-port N      8080      --https-port N   8443      --ssh-port N   2222
              --bind ADDRESS     0.0.0.0
              --tls internal     HTTPS for every host, signed by an authority of the platform's own (certs:authority)
              --tls acme         HTTPS for every host, signed by Let's Encrypt (PUSHBOAT_ACME_DIRECTORY, PUSHBOAT_ACME_EMAIL)
              --acme-dns-hook PROGRAM   sets DNS records: one wildcard certificate for all apps (docs/https.md)
              --admin-key FILE   SSH public key of the administrator (default: the keys of whoever calls)
  down      stop the apps and the platform; the state is kept        [--data DIR]
  restart   replace only the platform's own processes                [--data DIR]
  status    what runs                                                [--data DIR] [--json]
  install   make a service of it that starts with the machine: a versioned directory below /opt, a systemd unit; options of `up`
              --from DIR         of another checkout than this one
  uninstall stop and take the service away; the data is kept        [--data DIR]
              --purge --yes      remove the data directory too
  upgrade   another version takes over; apps run on                  [--data DIR] [--to DIR|VERSION]
  doctor    what is wrong with the machine or the platform, and what mends it   [--data DIR] [--json] [--fix]
  support-bundle  what helps who shall help, without secrets (a .tar.gz)      [--data DIR] [--to FILE]
  test      set up what is missing, run every test                   [VITEST OPTIONS]

`up` remembers its options in the data directory; each is also a setting: PUSHBOAT_DATA, PUSHBOAT_DOMAIN, PUSHBOAT_HTTP_PORT, ...

Everything else is a command of the platform, on the server or in a directory whose git remote `pushboat` names one:
  keys:add NAME < key.pub   apps   config:set blog A=1   ps blog   logs blog -t   releases blog   rollback blog   ...
  All of them: ssh -p PORT pushboat@HOST help
USAGE
}
