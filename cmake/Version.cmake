# SPDX-License-Identifier: MIT
#
# Sets SUNPATH_VERSION from core/include/sunpath/version.h, the one place of the version number.
set(_header "${CMAKE_CURRENT_LIST_DIR}/../core/include/sunpath/version.h")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${_header}")
file(READ "${_header}" _text)

foreach(_part MAJOR MINOR PATCH)
    if(NOT _text MATCHES "#define SP_VERSION_${_part} ([0-9]+)")
        message(FATAL_ERROR "${_header}: no SP_VERSION_${_part}")
    endif()
    set(_${_part} "${CMAKE_MATCH_1}")
endforeach()
set(SUNPATH_VERSION "${_MAJOR}.${_MINOR}.${_PATCH}")

if(NOT _text MATCHES "#define SP_VERSION_STRING \"${_MAJOR}\\.${_MINOR}\\.${_PATCH}\"")
    message(FATAL_ERROR "${_header}: SP_VERSION_STRING is not \"${SUNPATH_VERSION}\"")
endif()

# While the major number is 0, a new minor number may change the binary interface.
if(_MAJOR EQUAL 0)
    set(SUNPATH_SOVERSION "0.${_MINOR}")
else()
    set(SUNPATH_SOVERSION "${_MAJOR}")
endif()
