//! The names of S3's actions: S3 refuses a bucket policy with one that it does not know.
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html>

/// In lower case, since actions have no case.
const ACTIONS: &str = "
abortmultipartupload associateaccessgrantsidentitycenter bypassgovernanceretention createaccessgrant
createaccessgrantsinstance createaccessgrantslocation createaccesspoint createaccesspointforobjectlambda
createbucket createbucketmetadatatableconfiguration createjob createmultiregionaccesspoint
createstoragelensgroup deleteaccessgrant deleteaccessgrantsinstance deleteaccessgrantsinstanceresourcepolicy
deleteaccessgrantslocation deleteaccesspoint deleteaccesspointforobjectlambda deleteaccesspointpolicy
deleteaccesspointpolicyforobjectlambda deletebucket deletebucketmetadatatableconfiguration
deletebucketownershipcontrols deletebucketpolicy deletebucketwebsite deletejobtagging
deletemultiregionaccesspoint deleteobject deleteobjecttagging deleteobjectversion deleteobjectversiontagging
deletestoragelensconfiguration deletestoragelensconfigurationtagging deletestoragelensgroup describejob
describemultiregionaccesspointoperation dissociateaccessgrantsidentitycenter getaccelerateconfiguration
getaccessgrant getaccessgrantsinstance getaccessgrantsinstanceforprefix getaccessgrantsinstanceresourcepolicy
getaccessgrantslocation getaccesspoint getaccesspointconfigurationforobjectlambda getaccesspointforobjectlambda
getaccesspointpolicy getaccesspointpolicyforobjectlambda getaccesspointpolicystatus
getaccesspointpolicystatusforobjectlambda getaccountpublicaccessblock getanalyticsconfiguration getbucketabac
getbucketacl getbucketcors getbucketlocation getbucketlogging getbucketmetadatatableconfiguration
getbucketnotification getbucketobjectlockconfiguration getbucketownershipcontrols getbucketpolicy
getbucketpolicystatus getbucketpublicaccessblock getbucketrequestpayment getbuckettagging getbucketversioning
getbucketwebsite getdataaccess getencryptionconfiguration getintelligenttieringconfiguration
getinventoryconfiguration getjobtagging getlifecycleconfiguration getmetricsconfiguration
getmultiregionaccesspoint getmultiregionaccesspointpolicy getmultiregionaccesspointpolicystatus
getmultiregionaccesspointroutes getobject getobjectacl getobjectattributes getobjectlegalhold
getobjectretention getobjecttagging getobjecttorrent getobjectversion getobjectversionacl
getobjectversionattributes getobjectversionforreplication getobjectversiontagging getobjectversiontorrent
getreplicationconfiguration getstoragelensconfiguration getstoragelensconfigurationtagging
getstoragelensdashboard getstoragelensgroup initiatereplication listaccessgrants listaccessgrantsinstances
listaccessgrantslocations listaccesspoints listaccesspointsforobjectlambda listallmybuckets listbucket
listbucketmultipartuploads listbucketversions listcalleraccessgrants listjobs listmultipartuploadparts
listmultiregionaccesspoints liststoragelensconfigurations liststoragelensgroups listtagsforresource
objectowneroverridetobucketowner pausereplication putaccelerateconfiguration
putaccessgrantsinstanceresourcepolicy putaccesspointconfigurationforobjectlambda putaccesspointpolicy
putaccesspointpolicyforobjectlambda putaccesspointpublicaccessblock putaccountpublicaccessblock
putanalyticsconfiguration putbucketabac putbucketacl putbucketcors putbucketlogging putbucketnotification
putbucketobjectlockconfiguration putbucketownershipcontrols putbucketpolicy putbucketpublicaccessblock
putbucketrequestpayment putbuckettagging putbucketversioning putbucketwebsite putencryptionconfiguration
putintelligenttieringconfiguration putinventoryconfiguration putjobtagging putlifecycleconfiguration
putmetricsconfiguration putmultiregionaccesspointpolicy putobject putobjectacl putobjectlegalhold
putobjectretention putobjecttagging putobjectversionacl putobjectversiontagging putreplicationconfiguration
putstoragelensconfiguration putstoragelensconfigurationtagging replicatedelete replicateobject replicatetags
restoreobject submitmultiregionaccesspointroutes tagresource untagresource
updateaccessgrantslocation updatebucketmetadatainventorytableconfiguration
updatebucketmetadatajournaltableconfiguration updatejobpriority updatejobstatus updatestoragelensgroup
";

/// Whether an action of a policy, without `s3:`, is one of S3's, or a pattern that fits one.
pub(super) fn is_known(action: &str) -> bool {
    let wanted = action.to_ascii_lowercase();
    ACTIONS.split_whitespace().any(|name| matches(&wanted, &name.to_ascii_lowercase()))
}

/// `*` and `?` as policies have them.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = pattern.strip_prefix('*').unwrap_or_default();
            text.char_indices()
                .map(|(at, _)| at)
                .chain([text.len()])
                .any(|at| text.get(at..).is_some_and(|text| matches(rest, text)))
        }
        Some(first) => {
            let mut letters = text.chars();
            let next = letters.next();
            let fits = next.is_some_and(|letter| first == '?' || first == letter);
            fits && matches(pattern.strip_prefix(first).unwrap_or_default(), letters.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_patterns() {
        for action in ["GetObject", "getobject", "*", "Get*", "*Object", "List?ucket", "PauseReplication"] {
            assert!(is_known(action), "{action}");
        }
        for action in ["", "Foo", "GetObjects", "Gett*", "ListBuckets", "HeadObject"] {
            assert!(!is_known(action), "{action}");
        }
    }
}
