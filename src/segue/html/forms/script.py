"""The script of rows: what their buttons do, without leaving the page. It asks the server as they do without it."""

__all__ = ["ROWS_SCRIPT"]

ROWS_SCRIPT = """if(!window.segueRows){window.segueRows=true;document.addEventListener("submit",async event=>{
const button=event.submitter,form=event.target;if(!button||!button.hasAttribute("data-rows"))return;event.preventDefault();
const data=new FormData(form);data.append(button.name,button.value);const again=()=>{button.removeAttribute("data-rows");button.click()};
let page;try{const answer=await fetch(form.action||location.href,{method:"POST",body:data});if(!answer.ok)return again();
page=new DOMParser().parseFromString(await answer.text(),"text/html").getElementById(form.id)}catch{return again()}
if(!page)return again();for(const old of form.querySelectorAll("input[type=file]")){const fresh=page.querySelector("#"+CSS.escape(old.id));
if(fresh&&old.files.length)fresh.replaceWith(old)}form.replaceChildren(...page.childNodes);
const rows=form.querySelector("#"+CSS.escape(button.id))?.closest("fieldset.rows");
const wanted=button.value.startsWith("add:")?rows?.querySelector(":scope>fieldset.row:last-of-type :is(input:not([type=hidden]),select,textarea)"):
document.getElementById(button.id);(wanted||form.querySelector("input:not([type=hidden])"))?.focus()})}"""
