# SPDX-License-Identifier: MIT
"""Daemons of Debian, each in configurations that are right and wrong: how to start them.

A configuration is (name, [setting, ...]); a setting says how it is called, the mode of the directory
the socket is in, what the daemon is told, and which rules must report. What is not told is the
daemon's default.
"""

import dataclasses
import pathlib
import shutil


@dataclasses.dataclass
class Setting:
    """@what: the configuration in words; @directory: mode of the socket's directory
    @start: function of (the socket's path, the daemon's own directory) -> command
    @socket: name of the socket, or a whole path; @user: who runs it; @umask: of the daemon
    @rules: ids of the rules that must report, and no others"""

    daemon: str
    program: str
    what: str
    directory: int
    start: object
    rules: str
    socket: str = "s"
    user: str = "nobody"
    umask: int = 0o022
    prepare: object = None


def find(program):
    """Debian keeps some servers out of PATH."""
    for folder in ("/usr/lib/postgresql/15/bin", "/usr/bin", "/usr/sbin"):
        if (pathlib.Path(folder) / program).exists():
            return f"{folder}/{program}"
    return shutil.which(program)


def written(file, text):
    """Path of a file of configuration, made now."""
    file.write_text(text)
    file.chmod(0o644)
    return str(file)


def dbus(path, own):
    return [find("dbus-daemon"), "--nofork", "--nopidfile", "--config-file", written(own / "conf", f"""<busconfig>
<type>session</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow own="*"/></policy></busconfig>""")]


def postgres_data(own):
    return [find("initdb"), "-D", str(own / "data"), "-A", "peer", "-N"]


def postgres(mode):
    return lambda path, own: [find("postgres"), "-D", str(own / "data"), "-k", str(path.parent), "-c",
                              "listen_addresses=", "-c", f"unix_socket_permissions={mode}"]


def mariadb_data(own):
    return ["/usr/bin/mariadb-install-db", "--no-defaults", f"--datadir={own / 'data'}", "--skip-test-db",
            "--auth-root-authentication-method=normal"]


def mariadb(path, own):
    return [find("mariadbd"), "--no-defaults", f"--datadir={own / 'data'}", f"--socket={path}", "--skip-networking",
            f"--pid-file={own / 'pid'}"]


def redis(mode):
    return lambda path, own: [find("redis-server"), "--port", "0", "--dir", str(own), "--unixsocket", str(path),
                              "--unixsocketperm", mode]


def nginx(path, own):
    return [find("nginx"), "-e", str(own / "error"), "-c", written(own / "conf", f"""daemon off; master_process off;
pid {own}/pid; error_log {own}/error; events {{}}
http {{ access_log off; client_body_temp_path {own}/a; proxy_temp_path {own}/b; fastcgi_temp_path {own}/c;
uwsgi_temp_path {own}/d; scgi_temp_path {own}/e; server {{ listen unix:{path}; }} }}""")]


def memcached(mode):
    return lambda path, own: [find("memcached"), "-s", str(path), "-a", mode]


def tmux(path, own):
    return [find("tmux"), "-f", "/dev/null", "-D", "-S", str(path)]


def ssh_agent(path, own):
    return [find("ssh-agent"), "-D", "-a", str(path)]


def gpg_agent(path, own):
    return [find("gpg-agent"), "--homedir", str(path.parent), "--daemon", "sleep", "1000"]


def supervisor(mode):
    return lambda path, own: [find("supervisord"), "-n", "-c", written(own / "conf", f"""[unix_http_server]
file={path}
chmod={mode}
[supervisord]
logfile={own}/log
pidfile={own}/pid
""")]


def socat(mode):
    return lambda path, own: [find("socat"), f"UNIX-LISTEN:{path},mode={mode},fork", "PIPE"]


def socket_activate(path, own):
    return [find("systemd-socket-activate"), "--accept", "-l", str(path), "/bin/cat"]


def php_fpm(mode):
    return lambda path, own: [find("php-fpm8.2"), "-F", "-y", written(own / "conf", f"""[global]
error_log={own}/log
[www]
listen={path}
listen.mode={mode}
pm=static
pm.max_children=1
""")]


def xvfb(path, own):
    return [find("Xvfb"), ":77", "-nolisten", "tcp"]


SETTINGS = [
    Setting("dbus-daemon", "dbus-daemon", "directory 0700", 0o700, dbus, ""),
    Setting("dbus-daemon", "dbus-daemon", "directory 0777", 0o777, dbus, "UDS001 UDS002"),
    Setting("PostgreSQL", "postgres", "unix_socket_permissions=0700", 0o755, postgres("0700"), "",
            ".s.PGSQL.5432", "postgres", prepare=postgres_data),
    Setting("PostgreSQL", "postgres", "permissions 0777, directory 1777", 0o1777, postgres("0777"), "UDS001 UDS006",
            ".s.PGSQL.5432", "postgres", prepare=postgres_data),
    Setting("MariaDB", "mariadbd", "directory 0700", 0o700, mariadb, "", user="mysql", prepare=mariadb_data),
    Setting("MariaDB", "mariadbd", "directory 1777", 0o1777, mariadb, "UDS001 UDS006", user="mysql",
            prepare=mariadb_data),
    Setting("Redis", "redis-server", "unixsocketperm 700", 0o755, redis("700"), ""),
    Setting("Redis", "redis-server", "unixsocketperm 777, directory 0777", 0o777, redis("777"), "UDS001 UDS002"),
    Setting("nginx", "nginx", "directory 0750", 0o750, nginx, ""),
    Setting("nginx", "nginx", "directory 0755", 0o755, nginx, "UDS001"),
    Setting("memcached", "memcached", "-a 0700", 0o755, memcached("0700"), ""),
    Setting("memcached", "memcached", "-a 0777", 0o755, memcached("0777"), "UDS001"),
    Setting("tmux", "tmux", "-S in a directory 0700", 0o700, tmux, ""),
    Setting("tmux", "tmux", "-S in a directory 0777", 0o777, tmux, "UDS002"),
    Setting("ssh-agent", "ssh-agent", "-a in a directory 0700", 0o700, ssh_agent, ""),
    Setting("ssh-agent", "ssh-agent", "-a in a directory 1777", 0o1777, ssh_agent, "UDS006"),
    Setting("gpg-agent", "gpg-agent", "home 0700", 0o700, gpg_agent, "", "S.gpg-agent"),
    Setting("gpg-agent", "gpg-agent", "home 0777", 0o777, gpg_agent, "UDS002", "S.gpg-agent"),
    Setting("supervisor", "supervisord", "chmod=0700", 0o755, supervisor("0700"), ""),
    Setting("supervisor", "supervisord", "chmod=0777", 0o755, supervisor("0777"), "UDS001"),
    Setting("socat", "socat", "mode=600", 0o755, socat("600"), ""),
    Setting("socat", "socat", "mode=606", 0o755, socat("606"), "UDS001"),
    Setting("systemd-socket-activate", "systemd-socket-activate", "umask 0", 0o755, socket_activate, "", umask=0),
    Setting("systemd-socket-activate", "systemd-socket-activate", "directory 1777", 0o1777, socket_activate, "UDS006"),
    Setting("PHP-FPM", "php-fpm8.2", "listen.mode=0660", 0o755, php_fpm("0660"), ""),
    Setting("PHP-FPM", "php-fpm8.2", "listen.mode=0666, directory 0777", 0o777, php_fpm("0666"), "UDS001 UDS002"),
    Setting("Xvfb", "Xvfb", ":77, as it comes", 0o1777, xvfb, "UDS001 UDS006", "/tmp/.X11-unix/X77"),
]

# What `sunpath audit system` must report besides, of any socket there is, in every setting.
SYSTEM = {
    "PostgreSQL": "UDS018",
    "Xvfb": "UDS018 UDS019 UDS026",
    "gpg-agent": "UDS018",
    "memcached": "UDS018",
    "nginx": "UDS018",
    "PHP-FPM": "UDS018",
    "ssh-agent": "UDS018",
    "supervisor": "UDS011",
    "tmux": "UDS018",
}

# What `sunpath audit run` must report of the socket while the daemon starts, serves a client and ends, in
# every setting;
RUN = {
    "dbus-daemon": "UDS031",
    "PostgreSQL": "UDS031 UDS037",
    "Redis": "UDS031 UDS032 UDS037",
    "nginx": "UDS031 UDS037",
    "memcached": "UDS037",
    "tmux": "UDS031 UDS037",
    "ssh-agent": "UDS037",
    "gpg-agent": "UDS031 UDS037",
    "supervisor": "UDS031",
    "socat": "UDS031",
    "systemd-socket-activate": "UDS036 UDS037",
    "PHP-FPM": "UDS037",
    "Xvfb": "UDS036 UDS037",
}
# and who reads before it asks its peer who he is: UDS038 where the mode lets others connect.
READS_FIRST = {"PostgreSQL", "MariaDB", "Redis", "nginx", "memcached", "supervisor", "socat", "PHP-FPM"}
