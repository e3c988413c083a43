#ifndef _INCLUDED_spikegeneratorgroup_codeobject
#define _INCLUDED_spikegeneratorgroup_codeobject

void _run_spikegeneratorgroup_codeobject();


#endif
