# SPDX-License-Identifier: MIT
#
# targets.list for CMake, and the check that it is the only list.

# sunpath_read_targets() - sets FUZZ_TARGETS, the names
macro(sunpath_read_targets)
    set(FUZZ_TARGETS "")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
        "${CMAKE_CURRENT_SOURCE_DIR}/targets.list")
    file(STRINGS "${CMAKE_CURRENT_SOURCE_DIR}/targets.list" _rows REGEX "^[^#]")
    foreach(_row IN LISTS _rows)
        if(NOT _row MATCHES "^([a-z_]+) *\\| *[^ |]")
            message(FATAL_ERROR "fuzz/targets.list: not a name and a description: ${_row}")
        endif()
        list(APPEND FUZZ_TARGETS "${CMAKE_MATCH_1}")
    endforeach()
endmacro()

# Both lists hold the same names, or the configuration ends.
function(_sunpath_same_names what names)
    foreach(name IN LISTS names)
        if(NOT name IN_LIST FUZZ_TARGETS)
            message(FATAL_ERROR "${what} ${name} exists, but fuzz/targets.list does not name it")
        endif()
    endforeach()
    foreach(name IN LISTS FUZZ_TARGETS)
        if(NOT name IN_LIST names)
            message(FATAL_ERROR "fuzz/targets.list names ${name}, but there is no ${what} of it")
        endif()
    endforeach()
endfunction()

# sunpath_check_targets() - the list, the sources, the programs built and the corpora must agree
function(sunpath_check_targets)
    file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/targets/fuzz_*.c")
    list(TRANSFORM sources REPLACE "^.*/fuzz_(.*)\\.c$" "\\1")
    _sunpath_same_names("source" "${sources}")

    get_property(programs DIRECTORY PROPERTY BUILDSYSTEM_TARGETS)
    list(FILTER programs INCLUDE REGEX "^replay_")
    list(TRANSFORM programs REPLACE "^replay_" "")
    _sunpath_same_names("program" "${programs}")

    file(GLOB corpora CONFIGURE_DEPENDS LIST_DIRECTORIES true "${PROJECT_SOURCE_DIR}/corpus/*")
    list(FILTER corpora EXCLUDE REGEX "\\.(md|list)$")
    list(TRANSFORM corpora REPLACE "^.*/" "")
    _sunpath_same_names("corpus" "${corpora}")
    foreach(name IN LISTS FUZZ_TARGETS)
        if(NOT EXISTS "${PROJECT_SOURCE_DIR}/corpus/${name}/${name}.options")
            message(FATAL_ERROR "corpus/${name} has no ${name}.options")
        endif()
    endforeach()
endfunction()
