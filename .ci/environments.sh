# Sourced by the scripts of this folder, from the root of the project: fresh environments in
# $folder, which is deleted at the end, with the kernels that they compile.

outside=$PATH
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export XDG_CACHE_HOME=$folder/cache

# Print the first Python 3.MINOR that can make environments: of the PATH, or of pyenv.
find_python() { # MINOR...
  local minor python
  for minor in "$@"; do
    for python in "python3.$minor" "$(pyenv prefix "3.$minor" 2>/dev/null)/bin/python3"; do
      if "$python" -c "import ensurepip, sys, venv; sys.version_info[1] == $minor or sys.exit(1)" \
        2>/dev/null; then
        command -v "$python"
        return
      fi
    done
  done
  return 1
}

# Make an environment, whose `pip` and `pytest` are used from here on.
use_environment() { # NAME PYTHON
  echo "== $1: $("$2" --version)"
  "$2" -m venv "$folder/$1"
  export PATH="$folder/$1/bin:$outside"
}
